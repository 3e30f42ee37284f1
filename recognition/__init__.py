"""From a clip to a result: read, sample, detect, embed, identify, vote, draw, store.

Importing this package loads nothing heavy. `bootstrap` is the one place that sees both dlib and boto3.
"""
