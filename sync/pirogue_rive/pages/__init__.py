"""The shore's addresses: one module per page, and what boats call."""
