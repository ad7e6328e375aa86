# SPDX-License-Identifier: MIT
# An image of kashim watch, for watch-daemonset.yaml and watch-compose.yaml.
#
#	docker build -f scripts/examples/watch.Dockerfile -t kashim-watch .

FROM debian:12-slim AS kashim
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev libconfig-dev make pkgconf
COPY . /src
RUN make -C /src install DESTDIR=/kashim

FROM debian:12-slim
RUN apt-get update && apt-get install -y --no-install-recommends libconfig9 && rm -rf /var/lib/apt/lists/*
COPY --from=kashim /kashim/usr/local/bin/kashim /usr/local/bin/kashim
# A directory, so that a ConfigMap or a volume can be mounted there.
ENV KASHIM_CONF=/etc/kashim/kashim.conf
ENTRYPOINT ["/usr/local/bin/kashim", "watch"]
