"""The adapters: the only modules of this room that see boto3. One file for each port of `pipeline`."""
