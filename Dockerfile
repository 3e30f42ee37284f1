# The function's image. Stage `dlib` compiles dlib (minutes; scripts/build_dlib.sh) on the building machine's processor,
# whatever the image's; stage `build` installs it and requirements.txt and ends the build unless dlib is the fast one;
# the final stage has no compiler. Lambda's contract is entry.sh's: WORKDIR /home/app/, ENTRYPOINT, CMD the handler.
#
#   scripts/build_image.sh --platform linux/arm64 --base python:3.13-slim-trixie@sha256:…
ARG BASE_IMAGE=python:3.13-slim-trixie

FROM --platform=$BUILDPLATFORM ${BASE_IMAGE} AS dlib

SHELL ["/bin/sh", "-eu", "-c"]
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore DEBIAN_FRONTEND=noninteractive
ARG TARGETARCH

# Versions are the Debian release's: it only mends. For another processor than this one: Debian's cross compiler and
# that processor's OpenBLAS. Python's headers are there already where Python is not Debian's.
# hadolint ignore=DL3008
RUN case $TARGETARCH in \
        amd64) machine=x86_64 compiler=g++-x86-64-linux-gnu ;; \
        arm64) machine=aarch64 compiler=g++-aarch64-linux-gnu ;; \
        *) echo "TARGETARCH is '$TARGETARCH', neither amd64 nor arm64: docker needs buildx"; exit 1 ;; \
    esac; \
    if [ "$(uname -m)" = "$machine" ]; then compiler=g++; else dpkg --add-architecture "$TARGETARCH"; fi; \
    set -- make "$compiler" "libopenblas-dev:$TARGETARCH"; \
    [ -e "$(python3 -c 'import sysconfig; print(sysconfig.get_path("include"))')/Python.h" ] \
        || set -- "$@" python3-dev "libpython3-dev:$TARGETARCH"; \
    apt-get update; \
    apt-get install -y --no-install-recommends "$@"; \
    rm -rf /var/lib/apt/lists/*; \
    python3 -m venv /build/venv; \
    echo "$machine" >/build/machine

# Before everything that changes oftener: it takes minutes.
COPY scripts/build_dlib.sh /build/scripts/
RUN /build/scripts/build_dlib.sh --into /build/venv --wheel /build/wheels --machine "$(cat /build/machine)"


# buildah builds every stage for the platform that the first one names, unless each names its own.
# hadolint ignore=DL3065
FROM --platform=$TARGETPLATFORM ${BASE_IMAGE} AS build

SHELL ["/bin/sh", "-eu", "-c"]
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore DEBIAN_FRONTEND=noninteractive

# hadolint ignore=DL3008
RUN apt-get update; \
    apt-get install -y --no-install-recommends binutils libopenblas0-pthread libstdc++6; \
    rm -rf /var/lib/apt/lists/*

RUN python3 -m venv /home/app/venv
ENV PATH=/home/app/venv/bin:$PATH

COPY --from=dlib /build/wheels /build/wheels
COPY scripts/inspect_dlib.py /build/scripts/
RUN pip install --no-index --no-deps /build/wheels/dlib-*.whl; \
    python3 /build/scripts/inspect_dlib.py

COPY requirements.txt /build/requirements.txt
RUN pip install --only-binary av,awslambdaric,numpy,pillow -r /build/requirements.txt

# What the function never reads: the largest of the four models, 100 MB; of botocore's 400 services all but those named
# here (a test holds the list to the code); numpy's tests; pygments, 10 MB, in which rich shows source code and we do
# not. pip has done its work.
ARG AWS_SERVICES="dynamodb s3 sqs sts"
RUN site=$(python3 -c 'import sysconfig; print(sysconfig.get_path("purelib"))'); \
    rm "$site/face_recognition_models/models/shape_predictor_68_face_landmarks.dat"; \
    for service in "$site"/botocore/data/*/; do \
        case " $AWS_SERVICES " in *" $(basename "$service") "*) ;; *) rm -r "$service" ;; esac; \
    done; \
    find "$site/numpy" -type d -name tests -prune -exec rm -r {} +; \
    pip uninstall --yes pygments pip; \
    python3 -c 'import av, dlib, numpy, PIL, awslambdaric, rich.table, rich.progress'; \
    for service in $AWS_SERVICES; do \
        python3 -c 'import boto3, sys; boto3.client(sys.argv[1], region_name="us-east-1")' "$service"; \
    done


# hadolint ignore=DL3065
FROM --platform=$TARGETPLATFORM ${BASE_IMAGE}

# OpenBLAS without its stand-ins for the reference libraries, 8 MB: dlib is linked with OpenBLAS itself.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends fonts-dejavu-core libopenblas0-pthread libstdc++6 \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /usr/lib/*/openblas-pthread/libblas.so.3 \
        /usr/lib/*/openblas-pthread/liblapack.so.3

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

# build_image.sh adds version, revision and base. The licences are those of all that is in /home/app: PyAV brings an
# FFmpeg (LGPL) with x264 and x265 (GPL).
LABEL org.opencontainers.image.title="smart-classroom" \
      org.opencontainers.image.description="Names the enrolled students seen in a classroom clip" \
      org.opencontainers.image.licenses="LicenseRef-unlicensed AND Apache-2.0 AND BSD-3-Clause AND BSL-1.0 \
AND GPL-2.0-or-later AND LGPL-3.0-or-later AND MIT AND MIT-CMU"

# Lambda runs it under a user id of its own; elsewhere nobody is enough.
USER 65534:65534
ENTRYPOINT ["/entry.sh"]
CMD ["handler.face_recognition_handler"]
