"""What everything stands on: errors, dates, units and the explanation tree. Imports nothing of ours."""
