# The service's image. `version` is the tag of the image, which replaces $SERVICE_TAG; without it the package's own.
ARG branch=stable
ARG BASE=cccs/assemblyline-v4-service-base:${branch}
FROM ${BASE}

ENV SERVICE_PATH=virustotal.service.VirusTotal

USER root
RUN mkdir -p /tmp/source /opt/al_service && chown -R assemblyline:assemblyline /tmp/source /opt/al_service

USER assemblyline
COPY --chown=assemblyline:assemblyline setup.cfg pyproject.toml README.md LICENSE service_manifest.yml /tmp/source/
COPY --chown=assemblyline:assemblyline virustotal /tmp/source/virustotal
# setup.cfg says what is needed; the emulator and the terminal stay out, unless `extras` asks for them: [cli,emulator].
ARG extras=
RUN pip install --no-cache-dir --user "/tmp/source$extras" && rm -rf ~/.cache

WORKDIR /opt/al_service
ARG version
RUN version="${version:-$(python -c 'import virustotal; print(virustotal.__version__)')}" && \
    sed "s/\$SERVICE_TAG/$version/g" /tmp/source/service_manifest.yml > service_manifest.yml && \
    ! grep -q SERVICE_TAG service_manifest.yml && \
    rm -rf /tmp/source
