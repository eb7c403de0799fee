"""The shore's end: takes lots in from any road, signs receipts, shows what arrived. Never sees the boat's register."""
