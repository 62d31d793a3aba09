"""What channels do over several transactions."""
