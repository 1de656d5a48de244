// Serves dist/ (or another folder) below /some/where/ and nothing else, so that a root-absolute URL in the build fails its test.
import http from "node:http";
import sirv from "sirv";

const files = sirv(process.argv[3] ?? "dist", { dev: true });
http
  .createServer((request, response) => {
    const missing = () => { response.statusCode = 404; response.end("not here"); };
    if (!request.url.startsWith("/some/where/")) return missing();
    request.url = request.url.slice("/some/where".length);
    files(request, response, missing);
  })
  .listen(Number(process.argv[2]), "127.0.0.1");
