"""Everything that touches the database. Functions take a session and never commit."""
