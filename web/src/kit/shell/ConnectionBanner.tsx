import { Banner, Button } from "@patternfly/react-core";
import { tryNow, useConnection } from "../connection";

export function ConnectionBanner() {
  const connection = useConnection();
  return (
    <div role="status">
      {connection.is === "lost" && (
        <Banner status="danger" screenReaderText="Danger:">
          The host does not answer since {new Date(connection.since).toLocaleTimeString()}. What you see may
          be out of date.{" "}
          <Button
            variant="link"
            isInline
            className="ik-banner__button"
            isDisabled={connection.trying}
            onClick={() => void tryNow()}
          >
            {connection.trying ? "Trying to connect" : "Try now"}
          </Button>
        </Banner>
      )}
    </div>
  );
}
