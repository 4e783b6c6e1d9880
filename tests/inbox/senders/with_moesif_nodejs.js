// An HTTP server under moesif-nodejs that sends to an inbox. argv: base address. It ends with its standard input.
const http = require("http");
const moesif = require("moesif-nodejs");

const middleware = moesif({
  applicationId: "local".padEnd(50, "a"),
  baseUri: process.argv[2],
  identifyUser: () => "alice",
  getMetadata: () => ({ foo: "bar" }),
  logBody: true,
  batchMaxTime: 600,
});

const server = http.createServer((request, response) => {
  middleware(request, response, () => {
    if (request.url.startsWith("/json")) {
      response.setHeader("Set-Cookie", ["a=1", "b=2"]);
      response.setHeader("X-Count", 7);
      response.setHeader("Content-Type", "application/json");
      response.end(JSON.stringify({ ok: [1, null] }));
    } else if (request.url.startsWith("/binary")) {
      response.setHeader("Content-Type", "image/png");
      response.end(Buffer.from([0, 255, 254, 1]));
    } else {
      response.statusCode = 404;
      response.setHeader("Content-Type", "text/plain");
      response.end("größer");
    }
  });
});

function get(port, path) {
  return new Promise((done) => http.get({ port, path, host: "127.0.0.1" }, (r) => r.resume().on("end", done)));
}

server.listen(0, "127.0.0.1", async () => {
  const { port } = server.address();
  for (const path of ["/json?q=1", "/binary", "/text"]) await get(port, path);
  server.close();
  process.stdin.on("end", () => process.exit(0)).resume();
});
