import ExternalLinkAltIcon from "@patternfly/react-icons/dist/esm/icons/external-link-alt-icon";

/** The manual pages that belong to a screen (GEN-06): plain links, nothing is fetched by this program. */
export function ManPages({ pages }: { pages: readonly string[] }) {
  return (
    <span className="ik-man">
      Manual pages:{" "}
      {pages.map((page) => (
        <a key={page} href={`https://manpages.debian.org/${page}`} target="_blank" rel="noreferrer noopener">
          {page.replace(/^(.+)\.(\d\w*)$/, "$1($2)")}
          <ExternalLinkAltIcon aria-label="(opens a new tab)" />
        </a>
      ))}
    </span>
  );
}
