"""What `python -m poller.doctor` looks at, one room a module: AWS in `cloud`, this machine in `machine`."""
