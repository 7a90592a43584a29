# The service's image. `version` is the tag of the image, which replaces $SERVICE_TAG; without it the package's own.
ARG branch=stable
ARG BASE=cccs/assemblyline-v4-service-base:${branch}
FROM ${BASE}

LABEL org.opencontainers.image.title="VirusTotal service for Assemblyline 4" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.source="https://github.com/CybercentreCanada/assemblyline-service-virustotal"

ENV SERVICE_PATH=virustotal.service.VirusTotal
# Blocks of a megabyte or more go back to the system once they are free (bench/memory_limits.py): else each thread keeps
# those of its largest answers.
ENV MALLOC_MMAP_THRESHOLD_=1048576

USER root
# Security updates of the base; `--build-arg updates=` leaves them out, for a reproducible image.
ARG updates=yes
RUN if [ -n "$updates" ]; then \
        apt-get update && DEBIAN_FRONTEND=noninteractive apt-get upgrade -y && rm -rf /var/lib/apt/lists/*; \
    fi
RUN mkdir -p /tmp/source /opt/al_service && chown -R assemblyline:assemblyline /tmp/source /opt/al_service

USER assemblyline
COPY --chown=assemblyline:assemblyline setup.cfg pyproject.toml README.md LICENSE service_manifest.yml /tmp/source/
COPY --chown=assemblyline:assemblyline docker/constraints.txt /tmp/source/docker/constraints.txt
COPY --chown=assemblyline:assemblyline virustotal /tmp/source/virustotal
# Extras of setup.cfg: `cli` brings virustotal-service (quota, cache, doctor, mirror); `emulator` is for trials.
ARG extras=[cli]
RUN pip install --no-cache-dir --user --constraint /tmp/source/docker/constraints.txt "/tmp/source$extras" && rm -rf ~/.cache

WORKDIR /opt/al_service
ARG version
RUN version="${version:-$(python -c 'import virustotal; print(virustotal.__version__)')}" && \
    sed "s/\$SERVICE_TAG/$version/g" /tmp/source/service_manifest.yml > service_manifest.yml && \
    ! grep -q SERVICE_TAG service_manifest.yml && \
    rm -rf /tmp/source
