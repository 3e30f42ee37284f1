"""The threshold from a gallery's own photographs: scores, estimate and advice are pure; strangers and plot are not."""
