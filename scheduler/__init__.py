"""The calendar: the outbox and the clock."""
