"""Tables, migrations, unit of work: translates rows to domain objects and back."""
