// Draws the forms of source.json and destination.json (what `spec` printed) into PNG files beside them: as a person
// first sees each, and with each choice opened and every list holding an entry.
import { readFile } from "node:fs/promises";
import { spawnSync } from "node:child_process";
import { build } from "esbuild";
import puppeteer from "puppeteer-core";

const BROWSERS = [process.env.CHROMIUM, "chromium", "chromium-browser", "google-chrome"];
const FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"];
const here = new URL(".", import.meta.url).pathname;

await build({
  absWorkingDir: here,
  entryPoints: ["form.jsx"],
  outdir: ".",
  bundle: true,
  jsx: "automatic",
  logLevel: "warning",
  outExtension: { ".js": ".bundle.js", ".css": ".bundle.css" },
});
const browser = await puppeteer.launch({ executablePath: browserPath(), args: FLAGS, pipe: true });
try {
  for (const connector of ["source", "destination"]) {
    const specification = await options(connector);
    await picture(`${connector}-at-first.png`, specification, {}, false);
    for (let choice = 0; choice < mostChoices(specification); choice += 1) {
      await picture(`${connector}-choice-${choice + 1}.png`, specification, filled(specification, choice), true);
    }
  }
} finally {
  await browser.close();
}

function browserPath() {
  for (const name of BROWSERS.filter(Boolean)) {
    const found = spawnSync("which", [name], { encoding: "utf8" });
    if (found.status === 0) return found.stdout.trim();
  }
  console.error("No Chromium found: install it, or name one in the environment variable CHROMIUM.");
  process.exit(1);
}

async function options(connector) {
  const lines = (await readFile(`${here}${connector}.json`, "utf8")).trim().split("\n").map(JSON.parse);
  return lines.find((message) => message.type === "SPEC").spec.connectionSpecification;
}

async function picture(name, ...what) {
  const page = await browser.newPage();
  page.on("pageerror", (error) => { throw error; });
  await page.setViewport({ width: 860, height: 400 });
  await page.addStyleTag({ path: `${here}form.bundle.css` });
  await page.addScriptTag({ path: `${here}form.bundle.js` });
  await page.evaluate((...args) => window.draw(...args), ...what);
  await page.waitForSelector("main form");
  await page.screenshot({ path: `${here}${name}`, fullPage: true });
  await page.close();
  console.log(`${here}${name}`);
}

function mostChoices(schema) {
  const parts = [...(schema.oneOf ?? []), ...Object.values(schema.properties ?? {}), ...(schema.items ? [schema.items] : [])];
  return Math.max(schema.oneOf?.length ?? 1, ...parts.map(mostChoices));
}

// An example of the whole form, with this choice wherever there is one.
function filled(schema, choice) {
  if (schema.oneOf) return filled(schema.oneOf[Math.min(choice, schema.oneOf.length - 1)], choice);
  if ("const" in schema) return schema.const;
  if (schema.properties) {
    return Object.fromEntries(Object.entries(schema.properties).map(([name, field]) => [name, filled(field, choice)]));
  }
  if (schema.items?.properties) return [filled(schema.items, choice)];
  return schema.examples?.[0] ?? schema.default;
}
