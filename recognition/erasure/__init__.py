"""Forgetting a student: where traces may be, how each is erased, and the receipt.

Everything here may be repeated, and is found again by a second look; `forget` is the order of it.
"""
