"""Decoding in a process of its own: what a hostile clip can do, it does there.

The function's side: `sandbox` and `parent`. Between them and the child: `nursery`, the clean process that forks one
child for each clip, and `messages`. In the child: `child`, and what sees PyAV: `container`, `pictures`, `picture`.
"""
