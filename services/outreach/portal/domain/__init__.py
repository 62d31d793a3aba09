"""Who a visitor is, how often one may try, and what one may do: pure rules."""
