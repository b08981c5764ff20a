# The image runs one bundled file with the pages and the beginning of an embedded database beside it, plus PGlite, which loads its WebAssembly from beside itself.
FROM node:24-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci
COPY tsconfig.json ./
COPY src ./src
RUN npm run bundle

FROM node:24-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8000 DATA_DIR=/data
WORKDIR /app
COPY --from=build /build/node_modules/@electric-sql/pglite ./node_modules/@electric-sql/pglite
COPY --from=build /build/dist/main.js ./dist/main.js
COPY --from=build /build/dist/Pages ./dist/Pages
COPY --from=build /build/dist/pgdata.tgz ./dist/pgdata.tgz
COPY package.json LICENSE ./
RUN install -d -o node -g node /data
USER node
VOLUME /data
EXPOSE 8000
# Whether the process is well: an engine may end one that is not, and that brings no database back.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/live`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# No shell and no npm in between: signals reach node.
CMD ["node", "dist/main.js"]
