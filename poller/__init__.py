"""The VM's half of Smart Classroom: one cron-driven program, `python -m poller.tick`.

It invokes the function for every request message and files every result on this machine's disk. It knows `wire`,
boto3 and tenacity, and nothing of clips, faces or galleries.
"""
