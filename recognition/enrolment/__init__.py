"""Enrolling students: what photographs show is judged, what was looked at is kept for the next run, and drawn."""
