"""What a gate says: a value on a date, provisions, determinations."""
