"""What is done to the outbox now and then, or by a person: repair, retention, replay, export, erasure."""
