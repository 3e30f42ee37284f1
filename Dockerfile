# The function's image. Stage `build` compiles dlib (minutes; scripts/build_dlib.sh) and installs requirements.txt; the
# final stage has no compiler. Lambda's contract is entry.sh's: WORKDIR /home/app/, ENTRYPOINT, CMD the handler.
#
#   docker buildx build --platform linux/arm64 --provenance=false --load -t smart-classroom .
#
# --provenance=false matters: with an attestation the push is an image index, and Lambda refuses those.
ARG BASE_IMAGE=python:3.13-slim-trixie

FROM ${BASE_IMAGE} AS build

SHELL ["/bin/sh", "-eu", "-c"]
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore DEBIAN_FRONTEND=noninteractive

# Versions are the Debian release's: it only mends. Python's headers are there already where Python is not Debian's.
# hadolint ignore=DL3008
RUN apt-get update; \
    apt-get install -y --no-install-recommends g++ make libopenblas-dev; \
    python3 -c 'import os, sysconfig; raise SystemExit(not os.path.exists(sysconfig.get_path("include") + "/Python.h"))' \
        || apt-get install -y --no-install-recommends python3-dev; \
    rm -rf /var/lib/apt/lists/*

RUN python3 -m venv /home/app/venv
ENV PATH=/home/app/venv/bin:$PATH

# Before everything that changes oftener: it takes minutes. It ends the build unless the module is the fast one.
COPY scripts/build_dlib.sh scripts/inspect_dlib.py /build/scripts/
RUN /build/scripts/build_dlib.sh --into /home/app/venv

COPY requirements.txt /build/requirements.txt
RUN pip install -r /build/requirements.txt

# What the function never reads. The largest of the four models, 100 MB, is not needed; of botocore's 400 services it
# calls those named here (a test holds the list to the code). pip has done its work.
ARG AWS_SERVICES="dynamodb s3 sqs sts"
RUN site=$(python3 -c 'import sysconfig; print(sysconfig.get_path("purelib"))'); \
    rm "$site/face_recognition_models/models/shape_predictor_68_face_landmarks.dat"; \
    for service in "$site"/botocore/data/*/; do \
        case " $AWS_SERVICES " in *" $(basename "$service") "*) ;; *) rm -r "$service" ;; esac; \
    done; \
    find "$site/numpy" -type d -name tests -prune -exec rm -r {} +; \
    pip uninstall --yes pip; \
    python3 -c 'import av, dlib, numpy, PIL, awslambdaric'; \
    for service in $AWS_SERVICES; do \
        python3 -c 'import boto3, sys; boto3.client(sys.argv[1], region_name="us-east-1")' "$service"; \
    done


FROM ${BASE_IMAGE}

ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="smart-classroom" \
      org.opencontainers.image.description="Names the enrolled students seen in a classroom clip" \
      org.opencontainers.image.version="${VERSION}"

# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends fonts-dejavu-core libopenblas0-pthread libstdc++6 \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/*

# One thread a clip: Lambda gives two vCPU, and OpenBLAS' threads would spin on the one that decodes.
ENV PATH=/home/app/venv/bin:$PATH \
    OPENBLAS_NUM_THREADS=1 \
    PYTHONUNBUFFERED=1

COPY --from=build /home/app/venv /home/app/venv
COPY --chmod=755 entry.sh /entry.sh
WORKDIR /home/app/
COPY handler.py ./
COPY wire ./wire
COPY recognition ./recognition
# A checkout made under a strict umask must still be readable to Lambda's own user. The detector is kept unpacked: 0.3
# CPU seconds less at every cold start.
RUN chmod -R a+rX /home/app/handler.py /home/app/wire /home/app/recognition \
    && python3 -m compileall -q handler.py wire recognition \
    && python3 -m recognition.models

# Lambda runs it under a user id of its own; elsewhere nobody is enough.
USER 65534:65534
ENTRYPOINT ["/entry.sh"]
CMD ["handler.face_recognition_handler"]
