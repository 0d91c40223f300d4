"""What the browser tests and the pictures of the manual share: a served example, the pages there are, a day of each person."""
