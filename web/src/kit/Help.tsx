import ExternalLinkAltIcon from "@patternfly/react-icons/dist/esm/icons/external-link-alt-icon";
import { GUIDE } from "./guide/pages";
import { Link } from "./router";

/** Where to read more about a screen. */
export interface HelpFor {
  /** Page of the user's guide. */
  guide?: string;
  /** Manual pages, as `apt-get.8` (GEN-06): plain links, nothing is fetched by this program. */
  man?: readonly string[];
}

export function Help({ guide, man = [] }: HelpFor) {
  const hasGuide = guide !== undefined && GUIDE.has(guide);
  if (!hasGuide && man.length === 0) return null;
  return (
    <p className="ik-help">
      <span>Read more:</span>
      {hasGuide && <Link to={["guide", guide]}>guide</Link>}
      {man.map((page) => (
        <a key={page} href={`https://manpages.debian.org/${page}`} target="_blank" rel="noreferrer noopener">
          {page.replace(/^(.+)\.(\d\w*)$/, "$1($2)")}
          <ExternalLinkAltIcon aria-label="(opens a new tab)" />
        </a>
      ))}
    </p>
  );
}
