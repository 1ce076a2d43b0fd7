// A Homebrew formula for a packed command line (docs.brew.sh, Node for Formula Authors).
import { createHash } from 'node:crypto';

export type Release = {
  /** the tarball that `npm pack` made */
  tarball: Uint8Array;
  /** from where Homebrew will get it */
  url: string;
  homepage: string;
  license: string;
};

/** @returns the text of latchkey.rb */
export function formulaFor({ tarball, url, homepage, license }: Release): string {
  const sha256 = createHash('sha256').update(tarball).digest('hex');
  return `class Latchkey < Formula
  desc "Temporary access to AWS accounts instead of standing permissions"
  homepage ${quoted(homepage)}
  url ${quoted(url)}
  sha256 "${sha256}"
  license ${quoted(license)}

  depends_on "node"

  def install
    system "npm", "install", *std_npm_args
    bin.install_symlink libexec.glob("bin/*")
    man1.install "man/latchkey.1"
    generate_completions_from_executable(bin/"latchkey", "completion", shells: [:bash, :zsh, :fish])
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/latchkey --version")
  end
end
`;
}

// -- internal --------------------------------------------------------------------------------------------------------

/** As Ruby reads it between double quotes. */
const quoted = (text: string): string => `"${text.replace(/["\\#]/g, '\\$&')}"`;
