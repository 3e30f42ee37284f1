#!/bin/sh
# What the function's container, and the local stage's zip, start: the Lambda runtime client around the handler.
# Every way out is an exec, so that SIGTERM reaches Python and not a shell that ignores it.
set -eu

RIE=${LAMBDA_RIE:-/usr/local/bin/aws-lambda-rie}

if [ $# -eq 0 ]; then
    echo "entry.sh: name the handler, for example: entry.sh handler.face_recognition_handler" >&2
    exit 64
fi
if [ -n "${AWS_LAMBDA_RUNTIME_API:-}" ]; then
    exec python3 -m awslambdaric "$@"
fi
if [ -x "$RIE" ]; then
    exec "$RIE" python3 -m awslambdaric "$@"
fi
echo "entry.sh: AWS_LAMBDA_RUNTIME_API is not set and $RIE is not installed: this is neither Lambda nor its emulator" >&2
exit 69
