"""A finished result object becomes HTML, charts and documents."""
