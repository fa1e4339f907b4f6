// A browser, and a page that fails the test for what it complains of: errors, and breaches of its content policy.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

export const WAIT_MS = 120_000;

export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    // Builds run as root in containers, where chromium's own sandbox cannot be.
    args: ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"],
  });
}

export class Dashboard {
  // What the page asked the server for: "JobService/Enqueue", "GET /v1/jobs/…".
  requests = [];
  complaints = [];

  static async open(browser, url, options = {}) {
    const dashboard = new Dashboard();
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(WAIT_MS);
    dashboard.page = page;
    page.on("pageerror", (error) => dashboard.complaints.push(`error: ${error.message}`));
    page.on("console", (message) => {
      // That the server is away is said by the browser as an error.
      if (message.type() === "error" && !/Failed to load resource|net::ERR_/.test(message.text())) {
        dashboard.complaints.push(message.text());
      }
    });
    page.on("request", (request) => {
      const rpc = /\/spool\.v1\.(\w+\/\w+)$/.exec(request.url());
      dashboard.requests.push(rpc ? rpc[1] : `${request.method()} ${new URL(request.url()).pathname}`);
    });
    await page.goto(url);
    return dashboard;
  }

  // Waits until the page follows the feed.
  async live() {
    await this.page.getByText("Live", { exact: true }).waitFor();
  }

  async close() {
    await this.page.context().close();
  }

  count(request) {
    return this.requests.filter((each) => each === request).length;
  }

  // Drops a file onto the page, as a hand with a mouse would.
  async drop(name, bytes, type) {
    const transfer = await this.page.evaluateHandle(
      ([text, fileName, fileType]) => {
        const content = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
        const data = new DataTransfer();
        data.items.add(new File([content], fileName, { type: fileType }));
        return data;
      },
      [bytes.toString("base64"), name, type],
    );
    for (const event of ["dragenter", "dragover", "drop"]) {
      await this.page.dispatchEvent("body", event, { dataTransfer: transfer });
    }
  }

  // Waits until `read`, run in the page, answers something true. `what` is for the error.
  async until(what, read, argument) {
    try {
      await this.page.waitForFunction(read, argument, { timeout: WAIT_MS });
    } catch (error) {
      throw new Error(`waited for ${what}: ${error.message}`);
    }
  }

  // What axe-core has against the page as it is now, one line each.
  async barriers() {
    await this.page.evaluate(readFileSync(AXE, "utf8"));
    return this.page.evaluate(async () => {
      const { violations } = await window.axe.run(document, {
        runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
      });
      return violations.flatMap((violation) =>
        violation.nodes.map((node) => `${violation.id}: ${node.target.join(" ")}: ${node.failureSummary}`),
      );
    });
  }
}
