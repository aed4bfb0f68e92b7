// Prints what is wrong with an AsyncAPI document; exit status 1 if anything is an error (severity 0).
import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";

const ERROR = 0;
const { diagnostics } = await new Parser().parse(readFileSync(process.argv[2], "utf8"));
const errors = diagnostics.filter((diagnostic) => diagnostic.severity === ERROR);
for (const error of errors) {
  console.log(`${error.path.join("/")}: ${error.message}`);
}
process.exit(errors.length > 0 ? 1 : 0);
