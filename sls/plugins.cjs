// serverless-wsgi is here to serve the console in development. It would pack a WSGI handler into every package it sees, and
// ours has no WSGI function: it is loaded for its own commands only.
"use strict";

module.exports = () => ({ plugins: process.argv.includes("wsgi") ? ["serverless-wsgi"] : [] });
