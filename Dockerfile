# The function's image. Stage `build` compiles dlib against OpenBLAS (minutes) and installs requirements.txt; the final
# stage has no compiler. Lambda's contract is entry.sh's: WORKDIR /home/app/, ENTRYPOINT, CMD the handler.
#
#   docker buildx build --platform linux/arm64 --provenance=false --load -t smart-classroom .
#
# --provenance=false matters: with an attestation the push is an image index, and Lambda refuses those.
ARG BASE_IMAGE=python:3.13-slim-trixie

FROM ${BASE_IMAGE} AS build

ARG DLIB_VERSION=20.0.1
# What the code may assume of the processor. Lambda's x86-64 has AVX2; its arm64 is Graviton2 or newer.
ARG DLIB_FLAGS_AMD64="-O3 -march=haswell"
ARG DLIB_FLAGS_ARM64="-O3 -march=armv8.2-a+fp16+dotprod"

SHELL ["/bin/sh", "-eu", "-c"]
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore DEBIAN_FRONTEND=noninteractive

# Versions are the Debian release's: it only mends. Python's headers are there already where Python is not Debian's.
# hadolint ignore=DL3008
RUN apt-get update; \
    apt-get install -y --no-install-recommends cmake g++ make libopenblas-dev; \
    python3 -c 'import os, sysconfig; raise SystemExit(not os.path.exists(sysconfig.get_path("include") + "/Python.h"))' \
        || apt-get install -y --no-install-recommends python3-dev; \
    rm -rf /var/lib/apt/lists/*

RUN python3 -m venv /home/app/venv
ENV PATH=/home/app/venv/bin:$PATH

# A dlib without BLAS works, and takes several times as long over a face: so its absence ends the build.
RUN case "$(uname -m)" in x86_64) flags=$DLIB_FLAGS_AMD64 ;; aarch64) flags=$DLIB_FLAGS_ARM64 ;; *) flags=-O3 ;; esac; \
    CXXFLAGS="$flags" pip install --no-binary dlib "dlib==$DLIB_VERSION"; \
    python3 -c 'import dlib; assert dlib.DLIB_USE_BLAS and dlib.DLIB_USE_LAPACK, "dlib was built without BLAS or LAPACK"'; \
    library=$(python3 -c 'import _dlib_pybind11; print(_dlib_pybind11.__file__)'); \
    ldd "$library" > /tmp/ldd.txt; cat /tmp/ldd.txt; grep -q openblas /tmp/ldd.txt

COPY requirements.txt /tmp/requirements.txt
RUN pip install -r /tmp/requirements.txt

# Of the four models, 126 MB, the function reads two, 32 MB. pip has done its work.
RUN models=$(python3 -c 'import face_recognition_models as m, os; print(os.path.dirname(m.__file__))')/models; \
    find "$models" -name '*.dat' \
        ! -name dlib_face_recognition_resnet_model_v1.dat ! -name shape_predictor_5_face_landmarks.dat -delete; \
    pip uninstall --yes pip; \
    python3 -c 'import av, boto3, dlib, face_recognition_models, numpy, PIL, awslambdaric'


FROM ${BASE_IMAGE}

ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="smart-classroom" \
      org.opencontainers.image.description="Names the enrolled students seen in a classroom clip" \
      org.opencontainers.image.version="${VERSION}"

# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends fonts-dejavu-core libopenblas0-pthread libstdc++6 \
    && rm -rf /var/lib/apt/lists/*

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
# A checkout made under a strict umask must still be readable to Lambda's own user.
RUN chmod -R a+rX /home/app/handler.py /home/app/wire /home/app/recognition \
    && python3 -m compileall -q handler.py wire recognition

# Lambda runs it under a user id of its own; elsewhere nobody is enough.
USER 65534:65534
ENTRYPOINT ["/entry.sh"]
CMD ["handler.face_recognition_handler"]
