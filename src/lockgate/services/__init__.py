"""One function for each thing a user can do; owns the transaction and is the only place that knows the clock."""
