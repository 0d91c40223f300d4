"""What documents claim: reading, reconciling, contradicting."""
