"""What may happen to a case, and the arithmetic of quantities: pure, no database."""
