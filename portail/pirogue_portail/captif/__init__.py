"""What a laptop asks before a person does: the probes of every system, and which devices have been greeted."""
