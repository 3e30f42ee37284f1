"""AWS on this machine: ministack on loopback with the real stack deployed on it. For the demo and the tests.

    with localcloud.running() as cloud:
        subprocess.run([...], env={**os.environ, **cloud.poller})

Not part of the product. The surprising rule: IAM is enforced, so the operator's and the poller's environments differ.
"""

from localcloud.cloud import down, running, up
from localcloud.errors import LocalCloudError
from localcloud.record import Cloud, found

__all__ = ["Cloud", "LocalCloudError", "down", "found", "running", "up"]
