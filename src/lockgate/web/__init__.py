"""REST routes and pages."""
