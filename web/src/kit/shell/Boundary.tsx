import { Component, type ReactNode } from "react";
import { Problem } from "../states";

/** A page that breaks does not take the program with it. What is wrong at one address says nothing about others. */
export class Boundary extends Component<{ path: string; children: ReactNode }, { error?: Error }> {
  override state: { error?: Error } = {};

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override componentDidUpdate(before: { path: string }) {
    if (before.path !== this.props.path && this.state.error) this.setState({ error: undefined });
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (!error) return this.props.children;
    return (
      <div className="ik-pad">
        <Problem error={error} onRetry={() => this.setState({ error: undefined })} />
      </div>
    );
  }
}
