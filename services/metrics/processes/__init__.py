"""What takes more than one step: questions answered from one snapshot."""
