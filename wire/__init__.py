"""The bytes that cross between machines: S3's events in, results and answers out.

Standard library only, so that the VM and the function read them with the very same code. Nothing here
knows of AWS clients, files or faces. Every reader turns bytes into frozen values or raises `WireError`.
"""
