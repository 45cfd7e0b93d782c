// `to.operation` of an AuthorizationPolicy: what is asked for.
import { to } from "./cases.ts";
import type { FieldCase } from "./cases.ts";

export const operationsCases: FieldCase[] = [
  {
    name: "hosts: in any case, with the port that the client sent",
    policies: [to({ hosts: ["Shop.example.com", "*.api.example.com", "admin.*"] })],
    asks: [
      [{ host: "shop.example.com" }, 200],
      [{ host: "SHOP.EXAMPLE.COM" }, 200],
      [{ host: "shop.example.com:8080" }, 403],
      [{ host: "v1.api.example.com" }, 200],
      [{ host: "api.example.com" }, 403],
      [{ host: "admin.example.com:80" }, 200],
    ],
  },
  {
    name: "notHosts",
    policies: [to({ notHosts: ["admin.*"] })],
    asks: [
      [{ host: "admin.example.com" }, 403],
      [{ host: "ADMIN.example.com" }, 403],
      [{ host: "shop.example.com" }, 200],
    ],
  },
  {
    name: "ports and notPorts",
    policies: [to({ ports: ["8080", "9090"] }), { ...to({ ports: ["9090"] }), action: "DENY" }],
    asks: [
      [{ port: 8080 }, 200],
      [{ port: 9090 }, 403],
      [{ port: 80 }, 403],
    ],
  },
  {
    name: "notPorts",
    policies: [to({ notPorts: ["9090"] })],
    asks: [
      [{ port: 8080 }, 200],
      [{ port: 9090 }, 403],
    ],
  },
  {
    name: "methods: case counts",
    policies: [to({ methods: ["GET", "P*"], notMethods: ["PUT"] })],
    asks: [
      [{ method: "GET" }, 200],
      [{ method: "POST" }, 200],
      [{ method: "PUT" }, 403],
      [{ method: "DELETE" }, 403],
      [{ method: "get" }, 403],
    ],
  },
  {
    name: "paths: without the query, case counts",
    policies: [to({ paths: ["/exact", "/prefix/*", "*.png"], notPaths: ["/prefix/secret"] })],
    asks: [
      [{ path: "/exact" }, 200],
      [{ path: "/exact?a=1" }, 200],
      [{ path: "/exact/" }, 403],
      [{ path: "/Exact" }, 403],
      [{ path: "/prefix/a/b" }, 200],
      [{ path: "/prefix" }, 403],
      [{ path: "/prefix/secret" }, 403],
      [{ path: "/prefix/secret?x" }, 403],
      [{ path: "/a.png" }, 200],
      [{ path: "/a?b.png" }, 403],
    ],
  },
  {
    name: "paths: templates",
    policies: [to({ paths: ["/a/{*}/b", "/c/{**}", "/d/{**}/end"] })],
    asks: [
      [{ path: "/a/x/b" }, 200],
      [{ path: "/a/x/y/b" }, 403],
      [{ path: "/a//b" }, 403],
      [{ path: "/c/x/y" }, 200],
      [{ path: "/c/" }, 200],
      [{ path: "/c" }, 403],
      [{ path: "/d/x/y/end" }, 200],
      [{ path: "/d/end" }, 403],
      [{ path: "/a/x/b?q=1" }, 200],
    ],
  },
];
