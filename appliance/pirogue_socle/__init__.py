"""What every room stands on: errors, clock, ids, code lists, rules of attendance. Standard library only."""
