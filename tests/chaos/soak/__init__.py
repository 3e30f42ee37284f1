"""The soak: many objects under random faults on every side, and a balance sheet at the end. See scripts/soak.sh."""
