# One image with every program of the system: `duet`, the three services and the orchestrator.
#
#   docker build -t duet .
#   docker run --rm duet compare --count 1000        # `duet` is what it runs unless told otherwise
#
# The dependencies are a layer of their own: they are built anew only when a Cargo.toml or Cargo.lock changes.

FROM rust:1.95-slim-trixie AS chef
# perl and make build the OpenSSL that Kafka's TLS and SCRAM need; g++ builds librdkafka.
RUN apt-get update && apt-get install -y --no-install-recommends g++ make perl && rm -rf /var/lib/apt/lists/*
RUN cargo install cargo-chef --version 0.1.78 --locked
WORKDIR /src
# No line tables in a stripped program: they would only make the build slower.
ENV CARGO_PROFILE_RELEASE_DEBUG=0 CARGO_PROFILE_RELEASE_STRIP=symbols

FROM chef AS plan
COPY . .
RUN cargo chef prepare --recipe-path recipe.json

FROM chef AS build
ARG FEATURES=cli/kafka-tls,order-history/kafka-tls,order-status/kafka-tls,notifications/kafka-tls,orchestrator/kafka-tls
ARG PROGRAMS="-p cli -p order-history -p order-status -p notifications -p orchestrator"
COPY --from=plan /src/recipe.json recipe.json
# A patched dependency, which the recipe does not have.
COPY third_party third_party
RUN cargo chef cook --release --locked --recipe-path recipe.json $PROGRAMS --features $FEATURES
COPY . .
RUN cargo build --release --locked --bins $PROGRAMS --features $FEATURES
# A root file system with nothing in it but the programs, the libraries that they are linked with, the authorities that TLS
# trusts, and the licences of it all: no shell, no package manager.
RUN set -eu; mkdir -p /image/usr/local/bin /image/etc/ssl/certs /image/tmp /image/data; chmod 1777 /image/tmp; \
    chown 65532:65532 /image/data; \
    cd target/release; cp duet order-history order-status notifications orchestrator /image/usr/local/bin/; \
    for library in $(ldd /image/usr/local/bin/* | grep -o '/[^ ]*\.so[^ ]*' | sort -u); do \
      mkdir -p "/image$(dirname "$library")"; cp -L "$library" "/image$library"; \
    done; \
    cp /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/; \
    mkdir -p /image/usr/share/doc/duet; cd /src; cp LICENSE-* /image/usr/share/doc/duet/; \
    scripts/notices $PROGRAMS --features $FEATURES >/image/usr/share/doc/duet/THIRD-PARTY-NOTICES; \
    printf 'duet:x:65532:65532::/:\n' >/image/etc/passwd; printf 'hosts: files dns\n' >/image/etc/nsswitch.conf

FROM scratch
COPY --from=build /image /
USER 65532:65532
WORKDIR /data
ENTRYPOINT ["duet"]
