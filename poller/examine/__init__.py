"""What `python -m poller.doctor` looks at, one room a module: AWS, who invokes the function, and this machine."""
