# syntax=docker/dockerfile:1

FROM node:20-bookworm-slim AS front-ends
WORKDIR /src
COPY . .
RUN scripts/front-ends build

FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
COPY --from=front-ends /src/miniprogram/dist miniprogram/dist
COPY --from=front-ends /src/console/dist console/dist
# The image's own toolchain, so that rust-toolchain.toml does not fetch another.
# The binary is copied out of the cached folder, because the cache is not part of the image.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    RUSTUP_TOOLCHAIN="$RUST_VERSION" cargo build --locked --release -p huike \
    && cp target/release/huike /usr/local/bin/huike

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /var/lib/huike --create-home huike
COPY --from=build /usr/local/bin/huike /usr/local/bin/huike
USER huike
# Embedded, the shop's database stands here.
WORKDIR /var/lib/huike
VOLUME /var/lib/huike
# A server inside a container is reached from outside it.
ENV HUIKE_LISTEN=0.0.0.0:8080
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=10s --start-period=20s CMD ["huike", "doctor"]
ENTRYPOINT ["huike"]
CMD ["serve"]
