"""What travels between boat and shore: sealed lots, receipts, keys, the stick's folders. Opens no database."""
